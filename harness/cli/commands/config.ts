// SPDX-License-Identifier: MIT
import { basename, join } from 'node:path';
import { readInput } from '../../host/index.ts';
import {
  findShippedFragment,
  isShippedName,
  type KernelDefinition,
  listShippedFragments,
  readKernelDefinition,
  readRequestedOptions,
} from '../../kernel/index.ts';
import { type Architecture, Fault } from '../../model/index.ts';
import type { Context } from '../context.ts';

/** Lists the fragments that ktrial ships; shows one, or a kernel definition with the place of each option. */
export async function execute(
  context: Context,
  [action, name]: readonly string[],
  { arch }: { readonly arch?: Architecture },
): Promise<number> {
  const useless =
    action === 'list' ? (name ?? (arch && '--arch')) : arch && !isShippedName(name ?? '') && '--arch';
  if (useless || (action === 'show' && name === undefined))
    throw new Fault({
      blame: 'request',
      code: 'CLI_CONFIG_OPERANDS',
      message: useless ? `got ${useless}, which says nothing here` : 'got no name, expected what to show',
      next: 'ktrial config list; ktrial config show ktrial/NAME; ktrial config show DEFINITION',
    });
  if (name === undefined) await listFragments(context);
  else if (isShippedName(name)) await showFragment(name, arch ?? 'x86_64', context);
  else await showDefinition(name, context);
  return 0;
}

async function listFragments(context: Context): Promise<void> {
  const kernels = join(context.root, 'kernels');
  const names = await listShippedFragments(kernels);
  const width = Math.max(...names.map((one) => one.length));
  for (const name of names) context.out.write(`${name.padEnd(width)}  ${await describe(name, context)}\n`);
}

/** The first sentence of the comment at the head of a fragment. */
async function describe(name: string, context: Context): Promise<string> {
  const [file] = await findShippedFragment(name, null, join(context.root, 'kernels'));
  const lines = (await readText(file?.path ?? '', context)).split('\n').slice(1);
  const head = lines.slice(
    0,
    lines.findIndex((line) => !line.startsWith('# ')),
  );
  return head
    .map((line) => line.slice(2))
    .join(' ')
    .replace(/\. .*/s, '.');
}

async function showFragment(name: string, arch: Architecture, context: Context): Promise<void> {
  for (const { path } of await findShippedFragment(name, arch, join(context.root, 'kernels')))
    context.out.write(`# ${path}\n${await readText(path, context)}`);
}

async function readText(path: string, { signal }: Context): Promise<string> {
  const options = { what: 'config fragment', limitBytes: 2 ** 24, raise: '', signal };
  return (await readInput(path, options)).toString('utf8');
}

async function showDefinition(name: string, context: Context): Promise<void> {
  const { limits, signal } = context;
  const definition = await readKernelDefinition(name, join(context.root, 'kernels'), { limits, signal });
  context.out.write(
    [...describeDefinition(definition), ...(await describeOptions(definition, context))].join('\n'),
  );
}

function describeDefinition(definition: KernelDefinition): string[] {
  const { arch, source, config, toolchain, patches, path } = definition;
  return [
    `definition ${definition.name}: ${path}`,
    `source     ${JSON.stringify(source)}`,
    ...patches.map((patch) => `patch      ${patch}`),
    `arch       ${arch}`,
    `toolchain  ${toolchain}`,
    config.file === null ? `base       make ${config.base}` : `file       ${config.file}`,
    ...config.fragments.map((one) =>
      one.name === null ? `fragment   ${one.path}` : `fragment   ${one.name}: ${one.path}`,
    ),
    '',
  ];
}

type Requested = Awaited<ReturnType<typeof readRequestedOptions>>[number];

function describePlace({ file, line, from }: Requested): string {
  return from ? `${from} (${basename(file)}:${line})` : `${file}:${line}`;
}

/** Each option with its place, and those that it overrides. */
async function describeOptions({ config }: KernelDefinition, { limits, signal }: Context): Promise<string[]> {
  const requested = await readRequestedOptions(config, null, { limits, signal });
  const names = [...new Set(requested.map((one) => one.name))].sort();
  const width = Math.max(0, ...requested.map((one) => `${one.name}=${one.value}`.length));
  const lines = names.map((name) => {
    const all = requested.filter((one) => one.name === name).reverse();
    const others = all.filter((one, index) => index > 0 && one.value !== all[0]?.value);
    const places = [
      ...all.slice(0, 1).map(describePlace),
      ...others.map((one) => `over ${one.value} of ${describePlace(one)}`),
    ];
    return `${`${name}=${all[0]?.value}`.padEnd(width)}  ${places.join(', ')}`;
  });
  const ofTree = config.fragments.filter((one) => one.name?.startsWith('tree/'));
  return [...lines, ...ofTree.map((one) => `and those of ${one.name}, which is in the source`), ''];
}
