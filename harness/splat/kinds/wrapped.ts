// SPDX-License-Identifier: MIT

/** The words at which a line of a report cannot end: if it does, something broke the line in two there. */
export const UNFINISHED: RegExp = new RegExp(
  `(?:^|[\\s\\]}])(?:${[
    // Headlines cut before the place or the function.
    'WARNING:(?: CPU:(?: \\d+(?: PID:(?: \\d+)?)?)?)?(?: at)?|WARNING: CPU: \\d+ PID: \\d+ at \\S+',
    'UBSAN: [\\w-]+(?: in)?|(?:BUG: )?K[A-Z]{3,5}: [\\w -]+ in|kernel BUG(?: at)?',
    'BUG: sleeping(?: function(?: called(?: from(?: invalid(?: context(?: at)?)?)?)?)?)?|BUG: scheduling(?: while)?',
    '[Uu]nable(?: to(?: handle(?: kernel(?: NULL(?: pointer(?: dereference(?: at)?)?)?|(?: paging)?(?: request(?: at(?: virtual(?: address)?)?)?)?)?)?)?)?',
    'BUG: (?:kernel(?: NULL(?: pointer)?)?|unable|soft|bad|Bad|using \\S+ in|spinlock(?: bad)?|workqueue)|general(?: protection)?|stack(?: segment)?|divide',
    'Kernel panic(?: -(?: not)?)?|stack-protector:(?: Kernel(?: stack(?: is(?: corrupted(?: in:)?)?)?)?)?|not syncing:',
    'INFO:(?: (?:task(?: \\S+(?: blocked(?: for(?: more(?: than(?: \\d+)?)?)?)?)?)?|suspicious(?: RCU)?|possible|inconsistent(?: lock)?|rcu:?|trying(?: to(?: register)?)?))?',
    'WARNING: (?:possible(?: circular(?: locking)?| recursive(?: locking)?| irq(?: lock(?: inversion)?)?)?|suspicious(?: RCU)?|inconsistent(?: lock)?|bad(?: unlock)?)',
    // Locks and stacks.
    ', at:|is trying to acquire|(?:Read|Write) of(?: size(?: \\d+(?: at(?: addr)?)?)?)?|(?:PC|LR|pc|RIP:|IP:) is at|[RE]?IP:(?: 0010:)?|task:\\S+ +state:\\w+(?: +stack:(?: +\\d+)?)?',
  ].join('|')})\\s*$`,
);
