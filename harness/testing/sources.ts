// SPDX-License-Identifier: MIT
import { readdirSync, readFileSync } from 'node:fs';
import { join, normalize } from 'node:path';
import ts from 'typescript';

/** One name that a file takes from another module. */
export interface Import {
  /** As it stands in the source: `node:fs`, `../model/index.ts`. */
  readonly from: string;
  /** Null for a whole module. */
  readonly name: string | null;
}

/** A source file, parsed: what it imports and exports. Types count. */
export interface SourceFile {
  /** Relative to harness/. */
  readonly path: string;
  readonly room: string;
  readonly text: string;
  /** Lines that are neither blank nor comment. */
  readonly codeLines: number;
  readonly imports: readonly Import[];
  /** Names that it exports, its own and passed on. */
  readonly exports: readonly string[];
  /** Properties of the global objects `process` and `console` that it touches: `process.env`. */
  readonly globals: readonly string[];
}

/** Every TypeScript file below a directory. */
export function readSources(directory: string): SourceFile[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => parseSource(path, readFileSync(join(directory, path), 'utf8')));
}

/** Parses one file. */
export function parseSource(path: string, text: string): SourceFile {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const imports: Import[] = [];
  const exports: string[] = [];
  const globals = new Set<string>();
  const visit = (node: ts.Node): void => {
    imports.push(...importsOf(node));
    exports.push(...exportsOf(node));
    for (const name of globalsOf(node)) globals.add(name);
    ts.forEachChild(node, visit);
  };
  visit(file);
  const slash = path.indexOf('/');
  const room = slash === -1 ? '' : path.slice(0, slash);
  return { path, room, text, codeLines: countCode(file), imports, exports, globals: [...globals] };
}

/** The path that a relative import leads to, relative to harness/. */
export function resolveImport(file: Pick<SourceFile, 'path'>, from: string): string {
  return normalize(join(file.path, '..', from));
}

function importsOf(node: ts.Node): Import[] {
  if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
    const from = node.moduleSpecifier.text;
    const named = node.importClause?.namedBindings;
    if (!named || ts.isNamespaceImport(named)) return [{ from, name: null }];
    return named.elements.map((one) => ({ from, name: (one.propertyName ?? one.name).text }));
  }
  if (ts.isExportDeclaration(node) && node.moduleSpecifier && ts.isStringLiteral(node.moduleSpecifier)) {
    const from = node.moduleSpecifier.text;
    const clause = node.exportClause;
    if (!clause || !ts.isNamedExports(clause)) return [{ from, name: null }];
    return clause.elements.map((one) => ({ from, name: (one.propertyName ?? one.name).text }));
  }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
    const { literal } = node.argument;
    const name = node.qualifier && ts.isIdentifier(node.qualifier) ? node.qualifier.text : null;
    return ts.isStringLiteral(literal) ? [{ from: literal.text, name }] : [];
  }
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
    return dynamicImport(node);
  return [];
}

/** `const { a, b } = await import('…')`, or a module as a whole. */
function dynamicImport(call: ts.CallExpression): Import[] {
  const [argument] = call.arguments;
  if (!argument || !ts.isStringLiteral(argument)) return [];
  const awaited = ts.isAwaitExpression(call.parent) ? call.parent.parent : call.parent;
  if (ts.isVariableDeclaration(awaited) && ts.isObjectBindingPattern(awaited.name))
    return awaited.name.elements.map((one) => ({
      from: argument.text,
      name: (one.propertyName ?? one.name).getText(),
    }));
  return [{ from: argument.text, name: null }];
}

function exportsOf(node: ts.Node): string[] {
  if (ts.isExportDeclaration(node) && node.exportClause && ts.isNamedExports(node.exportClause))
    return node.exportClause.elements.map((one) => one.name.text);
  const isExported =
    ts.canHaveModifiers(node) &&
    ts.getModifiers(node)?.some((one) => one.kind === ts.SyntaxKind.ExportKeyword) === true;
  if (!isExported) return [];
  if (ts.isVariableStatement(node)) return node.declarationList.declarations.map((one) => one.name.getText());
  const { name } = node as ts.Node & { readonly name?: ts.Identifier };
  return name ? [name.text] : [];
}

function globalsOf(node: ts.Node): string[] {
  if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression))
    return isGlobal(node.expression) ? [`${node.expression.text}.${node.name.text}`] : [];
  if (
    ts.isVariableDeclaration(node) &&
    node.initializer &&
    ts.isIdentifier(node.initializer) &&
    isGlobal(node.initializer)
  ) {
    const { text } = node.initializer;
    if (!ts.isObjectBindingPattern(node.name)) return [`${text}.*`];
    return node.name.elements.map((one) => `${text}.${(one.propertyName ?? one.name).getText()}`);
  }
  return [];
}

function isGlobal(name: ts.Identifier): boolean {
  return name.text === 'process' || name.text === 'console';
}

function countCode(file: ts.SourceFile): number {
  const lines = new Set<number>();
  const visit = (node: ts.Node): void => {
    if (node.getChildCount(file) === 0 && node.getWidth(file) > 0) {
      const first = file.getLineAndCharacterOfPosition(node.getStart(file)).line;
      const last = file.getLineAndCharacterOfPosition(node.getEnd()).line;
      for (let line = first; line <= last; line += 1) lines.add(line);
    }
    for (const child of node.getChildren(file)) visit(child);
  };
  visit(file);
  return lines.size;
}
