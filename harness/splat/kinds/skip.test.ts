// SPDX-License-Identifier: MIT
import t from 'tap';
import { titleName } from '../culprit.ts';
import { isSkipListed } from './skip.ts';

/** Functions that act for others; whoever called them is asked for instead. */
const PASSED_OVER: Readonly<Record<string, string>> = {
  report:
    'kfence_handle_page_fault __kfence_free is_kfence_address kasan_report __asan_load8 __asan_report_store4_noabort kasan_check_range check_memory_region check_region_inline __msan_warning kmsan_report __tsan_read8 __sanitizer_cov_trace_pc print_address_description print_report dump_stack dump_stack_lvl __dump_stack show_stack panic vpanic nmi_panic check_panic_on_warn __warn warn_slowpath_fmt warn_slowpath_null __warn_printk report_bug fixup_bug handle_bug exc_invalid_op asm_exc_invalid_op invalid_op do_invalid_op do_error_trap do_trap lockdep_rcu_suspicious mark_lock mark_held_locks lock_acquire lock_release perf_trace_lock __might_sleep __might_resched __might_fault print_usage_bug hex_dump_to_buffer _printk vprintk_emit _dev_err _dev_warn dev_printk do_mem_abort el1_abort el1h_64_sync el1h_64_sync_handler __do_kernel_fault do_page_fault ubsan_epilogue __panic __reiserfs_panic heron_assertfail print_tainted get_taint __phys_addr seqprop_assert __fortify_report imbalance_bug do_tag_check_fault program_check_exception should_fail __should_failslab trace_hardirqs_on trace_softirqs_off',
  memory:
    'vfree __free_pages free_page kmalloc kmalloc_trace __kmalloc_noprof __kmalloc_cache_noprof kzalloc kcalloc kvmalloc_node vmalloc vzalloc krealloc kmem_cache_alloc kmem_cache_free slab_post_alloc_hook ___slab_alloc __alloc_pages alloc_pages_mpol __alloc_pages_nodemask folio_alloc filemap_alloc_folio kfree kvfree kfree_skb __alloc_frozen_pages_noprof allocate_slab folio_unlock unlock_page lock_page __filemap_get_folio find_lock_entries do_read_cache_folio read_cache_page find_or_create_page pagecache_get_page grab_cache_page_write_begin',
  lock: 'spin_lock _raw_spin_lock_irqsave _raw_spin_unlock_irqrestore _raw_spin_trylock do_raw_spin_lock native_queued_spin_lock_slowpath _raw_read_lock _raw_write_lock_bh queued_write_lock_slowpath mutex_lock __mutex_lock __mutex_lock_slowpath mutex_lock_nested mutex_unlock mutex_trylock rt_mutex_lock down_read down_write __down_write down_read_trylock up_read up_write down_interruptible osq_lock mutex_spin_on_owner owner_on_cpu',
  atom: 'msleep msleep_interruptible atomic_inc atomic_dec_and_test atomic64_read arch_atomic_add set_bit test_bit test_and_clear_bit refcount_inc refcount_warn_saturate refcount_dec_and_test __refcount_add kref_get ref_tracker_free __read_once_word_nocheck __write_once_size_nocheck __wake_up __wake_up_common __wake_up_common_lock finish_wait complete thread_return usleep_range usleep_range_state __local_bh_enable_ip local_bh_disable',
  copying:
    'memcpy __memcpy memset memcmp memmove memcpy_erms strcmp strlen strnlen strscpy strlcpy strncpy _copy_to_user _copy_from_user copy_user_generic _copy_to_iter _copy_from_iter copy_page_to_iter __get_user_4 __put_user_8 vsnprintf snprintf scnprintf sprintf string pointer hex_string bitmap_string va_format strnstr kstrdup strndup_user extract_iter_to_sg copy_folio_to_iter',
  container:
    '__list_add_valid __list_del_entry_valid list_del __list_del_entry_valid_or_report __rb_insert_augmented rb_erase rb_next klist_put xas_load xas_start rhashtable_lookup ida_free',
  thunk: '__x86_indirect_thunk_rax __x86_indirect_thunk_array readb readl writel writeq crc32c crc_ccitt',
  teardown:
    'flush_work __flush_work __flush_workqueue cancel_work_sync __cancel_work_timer __cancel_work_sync cancel_delayed_work_sync destroy_workqueue queue_work_on __queue_work queue_delayed_work_on del_timer del_timer_sync timer_delete_sync __mod_timer mod_timer kobject_get kobject_put device_add device_del device_unregister sysfs_remove_group sysfs_remove_file_ns unregister_netdev unregister_netdevice_queue unregister_netdevice_many put_device usb_submit_urb usb_kill_urb wait_for_completion wait_for_common kthread_stop iput iput_final ihold dput fast_dput cleanup_srcu_struct get_device_parent device_remove_file device_for_each_child device_destroy device_release devres_release_all rollback_registered_many add_uevent_var hwrng_unregister i2c_del_adapter __unregister_client tty_unregister_device lock_timer_base sk_stop_timer_sync __timer_delete_sync usb_kill_anchored_urbs usb_control_msg usb_hcd_submit_urb dummy_urb_enqueue drop_nlink truncate_inode_pages_range mark_buffer_dirty',
};

for (const [what, names] of Object.entries(PASSED_OVER))
  t.test(`passed over: ${what}`, async (t) => {
    for (const name of names.split(' ')) t.ok(isSkipListed(name), name);
  });

/** Names that only look like those, and names that the field's archives are full of. */
const BLAMED =
  'pond_poll vfs_read ext4_writepages lock_sock_nested __lock_sock tcp_v4_rcv skb_release_data skb_clone sock_wfree security_inode_alloc copy_process prepare_creds kthread_worker_fn path_openat find_uprobe n_tty_set_termios remove_wait_queue input_close_device blk_sync_queue tty_ldisc_hangup hci_conn_del rxe_queue_cleanup get_work_pool detach_if_pending try_to_wake_up __schedule schedule_tail do_exit release_task bpf_prog_run dst_release fib6_del l2cap_sock_release put_pid put_task_stack get_device dev_uevent drm_atomic_helper_commit string_get_size free_netdev netdev_run_todo call_rcu rcu_core refill_obj_stock unpin_user_pages release_sock mas_next_slot clear_inode evict inode_add_lru bio_put relay_switch_subbuf gup_huge_pmd find_next_bit trie_delete_elem vma_interval_tree_remove down_pond up_pond nopanic_pond __bad_area_nosemaphore no_context __dabt_svc __und_svc el0_svc_naked el1_interrupt complete_pond dput_pond pond_device string_pond pond_kfence_read pond_vfree pond_free_pages msleep_pond';

t.test('blamed: all others', async (t) => {
  for (const name of BLAMED.split(' ')) t.notOk(isSkipListed(name), name);
});

t.test('a name in a title is that of the source', async (t) => {
  const names: Readonly<Record<string, string>> = {
    __x64_sys_rmdir: 'sys_rmdir',
    __ia32_sys_rmdir: 'sys_rmdir',
    __arm64_sys_rmdir: 'sys_rmdir',
    __ia32_compat_sys_ioctl: 'compat_sys_ioctl',
    __se_sys_mremap: 'mremap',
    __do_sys_mremap: 'mremap',
    SyS_mremap: 'mremap',
    SYSC_mremap: 'mremap',
    compat_SyS_ioctl: 'ioctl',
    ksys_read: 'read',
    ____sys_sendmsg: 'sendmsg',
    ___sys_sendmsg: 'sendmsg',
    sys_read: 'read',
    'pond_poll.isra.0': 'pond_poll',
    'pond_poll.cold': 'pond_poll',
    'pond_poll.llvm.123456': 'pond_poll',
    '.pond_poll': 'pond_poll',
    sysfs_create_link: 'sysfs_create_link',
    sys_pond_info: 'pond_info',
  };
  for (const [name, expected] of Object.entries(names)) t.equal(titleName(name), expected, name);
});
