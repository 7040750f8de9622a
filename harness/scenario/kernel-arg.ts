// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { showName } from '../document/index.ts';
import { replaceAllPlaceholders } from './placeholder.ts';

/** Arguments with which ktrial boots every kernel: another value would take away its console, its disk or its evidence. */
const RESERVED: readonly string[] = [
  'console',
  'earlycon',
  'init',
  'initrd',
  'rdinit',
  'root',
  'rootfstype',
  'ro',
  'rw',
  'panic',
  'ignore_loglevel',
  'printk.time',
  'printk.devkmsg',
  'net.ifnames',
];

/** A name, with a value or none; a value with blanks is in double quotes. The kernel splits its command line so. */
const FORM = /^[^\s"=\0-\x1f\x7f-\uffff]+(?:=(?:[^\s"\0-\x1f\x7f-\uffff]*|"[ !\x23-\x7e]*"))?$/;

/** What all arguments together may have: the kernel cuts its command line at 2048 characters. */
export const LONGEST_ARGS = 1500;

function findArgFault(written: string): string | null {
  const arg = replaceAllPlaceholders(written, () => 'x');
  const [key = ''] = arg.split('=');
  if (arg === '--' || arg.startsWith('--'))
    return 'what follows -- is not for the kernel but for init: leave it out';
  if (!FORM.test(arg))
    return `got ${showName(written)}, expected one argument, such as quiet or name=value; a value with blanks is in double quotes`;
  if (RESERVED.includes(key.replaceAll('-', '_')))
    return `ktrial itself gives the kernel ${key}: leave it out`;
  return null;
}

/** One argument of the kernel's command line. */
export const kernelArg = z
  .string()
  .min(1)
  .max(LONGEST_ARGS)
  .superRefine((arg, context) => {
    const message = findArgFault(arg);
    if (message !== null)
      context.addIssue({ code: 'custom', message, params: { code: 'WRONG_FORM' }, input: arg });
  });
