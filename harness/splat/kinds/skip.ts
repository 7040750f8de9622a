// SPDX-License-Identifier: MIT

/**
 * The skip list: functions that report, allocate, lock, copy, look up or free on behalf of their callers, and rarely
 * contain the fault. An expression without an anchor matches anywhere in a name.
 */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  report: [
    'kasan|kmsan|kcsan|^_*(?:is_|arch_)?kfence|asan_|__msan|__tsan|__sanitizer|^_*ubsan_|hwasan|kmemleak',
    'check_memory_region|check_region_inline|read_word_at_a_time|print_address_description|print_report',
    'dump_stack|show_stack|dump_backtrace|unwind_backtrace|stack_trace_|walk_stack|stack_walk|save_stack',
    '(?<!no)panic',
    'assertfail|print_tainted|^get_taint$|__phys_addr|seqprop_assert|imbalance_bug',
    'warn_slowpath|^__warn|^warn_(?:alloc|bogus)|report_bug|fixup_bug|handle_bug|bug_handler|brk_handler|call_break_hook',
    'invalid_op|_error_trap|^do_trap|_trap$|^do_error|^do_int3|^do_general_protection|exc_(?:invalid|general|divide|page|int3|stack|double)',
    '^(?:__)?die$|^die_|^oops_|page_fault|do_(?:user|kern)_addr_fault|do_kernel_fault|do_translation_fault|do_alignment_fault',
    'do_mem_abort|do_debug_exception|do_sp_pc_abort|do_undefinstr|el1_(?:abort|sync|irq|ia|da)|el1h_|do_DataAbort|tag_check|program_check_(?:exception|common)',
    'object_err|slab_err|slab_fix|check_object|check_slab|print_trailer|check_heap|object_is_on_stack|usercopy_abort|usercopy_warn',
    'print_usage_bug|print_circular|print_irq|print_bad|print_lock|print_deadlock|print_unlock',
    'lockdep|perf_trace|perf_tp|trace_event_raw|trace_(?:hard|soft)irq|trace_preempt|__traceiter|^ftrace_(?:likely|call|regs|stub|graph)',
    'lock_acquire|lock_release|lock_is_held|reacquire_held|lock_contended|lock_class|mark_lock|mark_held|mark_irqflags|mark_usage|validate_chain|check_(?:prev|deadlock|noncircular|irq_usage|usage|wait_context|preemption_disabled|chain|redundant)|look_up_lock|__bfs',
    'might_sleep|might_resched|might_fault|cant_sleep|rcu_lock_(?:acquire|release)|rcu_read_(?:un)?lock$|rcu_sleep_check',
    'hex_dump|printk|^_*(?:net|ib)?dev_(?:err|warn|info|crit|alert|emerg|notice|printk)$|^pr_cont',
    'stack_chk|debug_object|debug_print_object|debug_check_no|debug_mutex|debug_locks|debug_smp_processor|is_static_object',
    'refcount_|rust_begin_unwind|__fortify_report|should_fail',
  ],
  memory: [
    'kmalloc|kcalloc|kzalloc|kvmalloc|krealloc|vmalloc|vzalloc|kmem_cache|kmemdup|kstrdup|memdup',
    'slab_|alloc_page|__get_free_page|folio_alloc|alloc_folio|__alloc_frozen_pages|allocate_slab|^(?:k[vz]?|v)free$|^kfree_sensitive$|^(?:__)?free_pages?$|kfree_skb',
    // The page cache.
    'folio_unlock|^(?:un)?lock_page|__filemap_get_folio|find_lock_entries|do_read_cache_folio|read_cache_page|find_or_create_page|pagecache_get_page|grab_cache_page_write_begin',
  ],
  lock: [
    'spin_(?:un|try)?_?lock|spin_(?:is|can)_|raw_spin|(?:read|write)_(?:un|try)?lock|bit_spin|queued_(?:spin|read|write)|_lock_slowpath|pv_queued|do_raw_',
    '_(?:un)?lock_(?:irq|bh|irqsave)|__lock_text_start|^_*mutex_|^ww_mutex|rt_mutex|rtlock_',
    '^_*(?:down|up)(?:_read|_write)?(?:_killable|_interruptible|_trylock|_timeout|_common|_failed|_nested|_non_owner)*$|^downgrade_write$',
    'rwsem_|percpu_down_|percpu_up_|osq_(?:un)?lock|owner_on_cpu|optimistic_spin',
  ],
  atom: [
    'atomic(?:64|_long)?_(?:add|sub|inc|dec|and|or|xor|set|read|fetch|xchg|cmpxchg|try)|^arch_atomic|^raw_atomic|cmpxchg',
    '^(?:__|arch_|___)*(?:test_and_)?(?:set|clear|change|test)_bit|^instrument_|^(?:variable|constant)_test_bit',
    '^kref_|ref_tracker|^(?:__)?this_cpu_|^preempt_count|smp_processor_id|(?:read|write)_once_.*nocheck',
    '__wake_up|finish_wait|^complete$|^thread_return$|^usleep_range|^msleep(?:_interruptible)?$|bh_(?:en|dis)able',
  ],
  copying: [
    '^(?:__|arch_)*(?:pi_)?mem(?:cpy|set|move|cmp|chr|scan)|^bcmp$|^_*str(?:cpy|ncpy|lcpy|scpy|cmp|ncmp|casecmp|ncasecmp|len|nlen|chr|rchr|str|cat|lcat|ncat|sep|spn|cspn|pbrk|im|replace|reverse)|strnstr|strn?dup|^sized_str|fortify',
    'copy_(?:to|from|in)_(?:user|iter)|copy_user_|copyin$|copyout$|^_copy_|copy_page_(?:to|from)_iter|_user_inatomic|copy_from_kernel|copy_overflow|clear_user$|copy_folio_to_iter|extract_(?:user|iter)_to_sg|raw_copy|^rep_(?:movs|stos)|^__(?:arch|asm)_copy|simple_copy_to_iter',
    '(?:get|put)_user(?!_page)|probe_kernel|probe_read|get_kernel_nofault|^clear_page_|^copy_page$',
    'v?s(?:n|cn)?printf$|va_format|^string$|^string_nocheck|_string$|^pointer$|^format_decode|^number$|^kstrto|^_kstrto',
  ],
  container: [
    '^_*h?list_(?:add|del|replace|move|splice)|^_*rb_(?:insert|erase|next|first|last|prev|replace)|^klist_|^xas_|rhashtable_lookup|^ida_free|^ida_(?:simple_)?remove|^jhash|^crc(?:\\d|_|c)|^__crc',
  ],
  thunk: [
    '_indirect_thunk|x86_retpoline|_return_thunk|__x86_return|^(?:__raw_|__)?(?:read|write)(?:b|w|l|q|sb|sw|sl)(?:_relaxed)?$|^(?:in|out)(?:b|w|l)$|^ioread|^iowrite|^native_(?:read|write)_|^logic_(?:in|out)|^__fentry|^arch_local_irq|local_irq_',
  ],
  teardown: [
    'flush_work|flush_delayed_work|drain_workqueue|cancel_(?:delayed_)?work|__cancel_work|destroy_workqueue|queue_(?:delayed_)?work|^insert_work|try_to_grab_pending|mod_delayed_work',
    'del_timer|timer_delete|mod_timer|^add_timer|timer_shutdown|lock_timer_base|sk_stop_timer_sync',
    'kobject_|get_device_parent|device_(?:add|del|unregister|destroy|release|remove_file|for_each_child)|^device_register|^put_device|sysfs_remove|unregister_netdev',
    'devres_release_all|rollback_registered|add_uevent_var|hwrng_unregister|i2c_del_adapter|__unregister_client|tty_unregister_device',
    '^usb_(?:submit|kill|unlink|poison)_urb|usb_kill_anchored_urbs|usb_control_msg|usb_hcd_submit_urb|dummy_urb_enqueue|wait_for_completion|wait_for_common|kthread_stop',
    '^iput(?:_final)?$|^ihold$|dput$|cleanup_srcu_struct|^drop_nlink$|truncate_inode_pages|mark_buffer_dirty',
  ],
};

const SKIP_LIST = new RegExp(
  Object.values(GROUPS)
    .flat()
    .map((words) => `(?:${words})`)
    .join('|'),
);

/** Whether the search for the culprit skips a function, given its bare name. */
export function isSkipListed(name: string): boolean {
  return SKIP_LIST.test(name);
}

/** Prefixes of a system call's entry functions; the one that leaves the shortest name is removed. */
export const SYSCALL_PREFIXES: readonly RegExp[] = [
  /^__(?:x64|ia32|arm64|s390x?|powerpc|riscv|x32)_(?=\w*sys_)/,
  /^__se_(?:compat_)?(?:sys_)?/,
  /^__do_(?:compat_)?sys_/,
  /^_{2,4}sys_/,
  /^sys_/,
  /^(?:SyS|SYSC)_/,
  /^compat_(?:SyS|SYSC)_/,
  /^ksys_/,
];
