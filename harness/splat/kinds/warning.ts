// SPDX-License-Identifier: MIT
import { FUNCTION, type Kind, type WalkStep } from './family.ts';
import { TRAP_POINTER } from './stack.ts';

/** The same in another place of the expression: a group's name must be unique. */
const SECOND = FUNCTION.replace('<f>', '<f2>');
const THIRD = FUNCTION.replace('<f>', '<f3>');
const WARN = 'WARNING: .*';
/** A warning traps since 2017: the trace proper begins behind the trap. Before, it was just printed. */
const AFTER_TRAP: readonly (readonly WalkStep[])[] = [
  [TRAP_POINTER, 'frames'],
  ['pc'],
  ['pc', 'frames'],
  ['trace', 'frames'],
  ['frames'],
  ['header'],
];

/** WARN() and its kin; those of well-known checkers have a name of their own. */
export const WARNING_KINDS: readonly Kind[] = [
  {
    header: new RegExp(`${WARN}lib/debugobjects\\.c`),
    title: 'WARNING: ODEBUG bug in $f',
    walks: AFTER_TRAP,
    skip: /debug_|^__debug|^lookup_object|rcu|hrtimer_|timer_|work_|percpu_|kmem_|slab_|kfree|vunmap|vfree|__free_|kobject_/,
  },
  {
    // What checks the mappings only brings the news; whose they are is in the trace.
    header: new RegExp(`${WARN}(?:kernel/dma/debug|lib/dma-debug)\\.c:\\d+(?: at)? ([\\w.]+)(?:\\+0x| \\()`),
    title: 'WARNING: DMA-API bug in $f',
    also: [{ form: 'WARNING in $1' }],
    walks: AFTER_TRAP,
    skip: /^_*(?:debug_)?dma_(?:(?:un)?map|alloc|free|sync|direct|mapping_error)|^add_dma_entry|^check_(?:unmap|sync|for_|map)|^err_printk|^usb_hcd_(?:un)?map/,
  },
  {
    header: new RegExp(`${WARN}mm/usercopy\\.c`),
    title: 'WARNING: bad usercopy in $f',
    walks: AFTER_TRAP,
    skip: /usercopy|usercopy_warn|check_object_size|check_heap/,
  },
  {
    header: new RegExp(`${WARN}lib/kobject\\.c.*kobject_`),
    title: 'WARNING: kobject bug in $f',
    walks: AFTER_TRAP,
    skip: /kobject_/,
  },
  {
    header: new RegExp(`${WARN}fs/proc/generic\\.c.*proc_register`),
    title: 'WARNING: proc registration bug in $f',
    walks: AFTER_TRAP,
    skip: /proc_(?:create|mkdir|register|symlink|net_create)/,
  },
  {
    header: new RegExp(`${WARN}lib/refcount\\.c`),
    title: 'WARNING: refcount bug in $f',
    walks: AFTER_TRAP,
    skip: /refcount|kobject_/,
  },
  {
    header: new RegExp(`${WARN}kernel/locking/lockdep\\.c.*lock_`),
    title: 'WARNING: locking bug in $f',
    walks: AFTER_TRAP,
    skip: /lock_|lock_sock|release_sock/,
  },
  {
    header: new RegExp(`${WARN}\\bmm/\\S*\\.c.* k.?(?:malloc|calloc)`),
    title: 'WARNING: kmalloc bug in $f',
    walks: AFTER_TRAP,
    skip: /kmalloc|kvmalloc|kcalloc|krealloc|kmem|slab/,
  },
  {
    header: new RegExp(`${WARN}mm/vmalloc\\.c.*__vmalloc_node_range`),
    title: 'WARNING: zero-size vmalloc in $f',
    walks: AFTER_TRAP,
    skip: /vmalloc/,
  },
  {
    header: new RegExp(`${WARN}usb_submit_urb`),
    title: 'WARNING in $f/usb_submit_urb',
    walks: AFTER_TRAP,
    skip: /^usb_(?:submit_urb|start_wait_urb|bulk_msg|interrupt_msg|control_msg)/,
  },
  {
    header: /WARNING: kernel stack (?:regs|frame pointer) at\s+\([\w_]*\) in .* has bad (?:'[^']+' )?value/,
    title: 'WARNING: kernel stack regs has bad value',
    stackless: true,
  },
  {
    header: /WARNING: kernel stack regs at\s+[0-9a-f]+ in .* has bad '([^']+)' value/,
    title: "WARNING: kernel stack regs has bad '$1' value",
    stackless: true,
  },
  {
    header: /WARNING: kernel stack frame pointer at\s+[0-9a-f]+ in .* has bad value/,
    title: 'WARNING: kernel stack frame pointer has bad value',
    stackless: true,
  },
  {
    // The watchdog warned itself, and its words follow.
    header: new RegExp(`${WARN}kernel/watchdog\\S*\\.c`),
    title: 'WARNING in $f',
    walks: AFTER_TRAP,
    joins: /hard LOCKUP/,
  },
  {
    header: new RegExp(
      [
        String.raw`WARNING: (?:CPU: \d+ (?:UID: \d+ )?PID: -?\d+ )?at (?:\S+:\d+(?: ${FUNCTION}\+0x)?|[0-9a-f]{8,16}\b|${SECOND}\+0x)`,
        String.raw`WARNING: (?:.* )?\S+\.\w+:\d+ at (?:${THIRD}\+0x|\S)`,
      ].join('|'),
    ),
    title: 'WARNING in $f',
    walks: AFTER_TRAP,
  },
  { header: /WARNING:\s*$/, title: 'WARNING: corrupted', truncated: 'the headline is cut' },
  {
    opens: [{ words: 'sysfs: cannot create duplicate filename' }],
    header: /sysfs: cannot create duplicate filename/,
    title: 'sysfs: duplicate filename in $f',
    walks: [['trace', 'frames']],
    skip: /sysfs|kernfs|kobject|device_|dump_stack/,
    joins: /WARNING: .*fs\/sysfs/,
    continues: 'report',
  },
];
