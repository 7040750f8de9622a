// SPDX-License-Identifier: MIT

/** Functions that report, allocate, lock, copy or tear down, and are seldom where the fault is. */
export const INNOCENT: readonly RegExp[] = [
  // The reports' own machinery.
  /kasan|kmsan|kcsan|kfence|ubsan|sanitizer|^__asan_|^__hwasan_|^__tsan_|^print_|^dump_|^show_|^panic$|^__?warn|^warn_|report_bug|^handle_bug|_trap$|invalid_op|^do_error_trap|^exc_|^asm_exc_|^check_memory_region|^object_err|^slab_err|^check_object/,
  /lockdep|^mark_lock|^lock_(acquire|release|is_held|downgrade)|^__lock_(acquire|release)|^check_(noncircular|prev|irq_usage|deadlock|wait_context)|^validate_chain|^bad_unlock|^debug_(check|object|mutex|work|rt)|^__?might_(sleep|fault|resched)|^___might_sleep|^_?printk|^v?printk|^_?dev_(err|warn|info|printk)|^die$|^__die|^oops_|^no_context|^page_fault|^do_user_addr_fault|^do_kern_addr_fault|^__bad_area|^bad_area|^do_page_fault|^do_mem_abort|^el1|^el0/,
  /^refcount_|^kref_|^ref_tracker|^__refcount|^atomic|^arch_atomic|^test_and_|^set_bit|^clear_bit|^__debug_/,
  // Memory.
  /^k[mzv]?[cm]?alloc|^__k[mz]?alloc|^krealloc|^kmem_cache|^slab_|^__slab|^___slab|^alloc_pages?|^__alloc_pages|^folio_alloc|^vmalloc|^__vmalloc|^vzalloc|^k[vz]?free|^kfree_skb|^mem(cpy|set|move|cmp)|^__mem(cpy|set|move)|^str|^copy_(to|from)_(user|iter)|^_copy_|^__copy_|^get_user|^put_user|^v?s[cn]*printf|^kstr/,
  // Locks and waiting.
  /(spin|read|write|raw)_(un|try)?lock|^mutex_|^__mutex_|^rt_mutex|^down(_read|_write|_killable|_interruptible|_trylock|$)|^up(_read|_write|$)|^rwsem_|^__down_|^__up_|^osq_lock|^queued_|^native_queued|^do_raw_|^wait_for_completion|^complete(_all)?$|^schedule|^__schedule|^io_schedule/,
  // Containers and accessors.
  /^__?list_(add|del)|^list_(add|del)|^rb_|^__rb_|^klist_|^xas_|^xa_|^rhashtable|^ida_|^idr_|^__x86_indirect|^__x86_retpoline|^(read|write)[bwlq]$|^crc/,
  // Tear-down that trips over others' bugs.
  /^flush_work|^__flush_work|^cancel_|^__cancel_|^destroy_workqueue|^queue_work|^del_timer|^__mod_timer|^mod_timer|^kobject_|^device_(add|del|unregister|release)$|^put_device|^get_device|^sysfs_remove|^kernfs_remove|^kthread_stop|^iput|^dput|^usb_submit_urb|^usb_kill_urb/,
];
