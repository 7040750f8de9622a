// SPDX-License-Identifier: MIT

/**
 * A program in C that says why options of a configuration have the values that they have, in JSON. It is compiled against
 * `scripts/kconfig` of the source whose options it explains.
 */
export const EXPLAIN_PROGRAM = String.raw`/*
 * Says why options of a kernel configuration have the values that they have. Compiled against the Kconfig of the tree itself
 * (scripts/kconfig), whose language differs from version to version.
 *
 * Reads lines "NAME VALUE", the values that were asked for, and .config of the working directory. Prints a JSON object a line:
 * one for each of these options and for each that these wait for, then one with all names where one of them is unknown.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lkc.h"

/* So many that nobody reads all, and few enough to be done in an instant. */
#define MOST_SYMBOLS 2000
/* Of an option that many others select, not all are told. */
#define MOST_SELECTORS 4

static struct { char name[160]; tristate wanted; } queue[MOST_SYMBOLS];
static int queued;

static void enqueue(const char *name, tristate wanted)
{
	for (int i = 0; i < queued; i++)
		if (!strcmp(queue[i].name, name))
			return;
	if (queued == MOST_SYMBOLS || strlen(name) >= sizeof(queue[0].name))
		return;
	strcpy(queue[queued].name, name);
	queue[queued++].wanted = wanted;
}

static void put_text(const char *text)
{
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			putchar('\\');
		putchar((unsigned char)*text < 0x20 ? ' ' : *text);
	}
}

static const char *value_of(struct symbol *sym)
{
	sym_calc_value(sym);
	return sym_get_string_value(sym);
}

/* An expression with the value of each option, as menuconfig writes it. */
static void put_symbol(void *data, struct symbol *sym, const char *text)
{
	(void)data;
	put_text(text);
	if (!sym || !sym->name || sym->flags & SYMBOL_CONST)
		return;
	if (sym->type == S_UNKNOWN)
		printf(" [unknown]");
	else {
		printf(" [=");
		put_text(value_of(sym));
		putchar(']');
	}
}

static void put_expr(struct expr *e)
{
	putchar('"');
	expr_print(e, put_symbol, NULL, E_NONE);
	putchar('"');
}

/* Where an option alone must be on for the expression to hold, it is explained as well. */
static void follow(struct expr *e, tristate wanted)
{
	if (e->type == E_SYMBOL && e->left.sym->name && !(e->left.sym->flags & SYMBOL_CONST))
		enqueue(e->left.sym->name, wanted);
	else if (e->type == E_OR || e->type == E_AND) {
		follow(e->left.expr, wanted);
		follow(e->right.expr, wanted);
	}
}

/* The parts of a conjunction that are less than what is wanted. */
static void put_missing(struct expr *e, tristate wanted, bool *any)
{
	if (e->type == E_AND) {
		put_missing(e->left.expr, wanted, any);
		put_missing(e->right.expr, wanted, any);
		return;
	}
	if (expr_calc_value(e) >= wanted)
		return;
	if (*any)
		putchar(',');
	*any = true;
	printf("{\"text\":");
	put_expr(e);
	printf(",\"alone\":%s}", e->type == E_SYMBOL && e->left.sym->name ? "true" : "false");
	follow(e, wanted);
}

static void put_condition(const char *key, struct expr *e, tristate wanted)
{
	bool any = false;

	printf(",\"%s\":", key);
	if (!e) {
		printf("null");
		return;
	}
	printf("{\"text\":");
	put_expr(e);
	printf(",\"value\":\"%c\",\"missing\":[", "nmy"[expr_calc_value(e)]);
	put_missing(e, wanted, &any);
	printf("]}");
}

static void put_selectors(struct expr *e, int *count)
{
	tristate value;

	if (!e)
		return;
	if (e->type == E_OR) {
		put_selectors(e->left.expr, count);
		put_selectors(e->right.expr, count);
		return;
	}
	value = expr_calc_value(e);
	if (e->type == E_SYMBOL && e->left.sym->flags & SYMBOL_CONST)
		return;
	if (value == no && *count >= MOST_SELECTORS)
		return;
	printf("%s{\"text\":", (*count)++ ? "," : "");
	put_expr(e);
	printf(",\"value\":\"%c\"}", "nmy"[value]);
}

/* The chosen one of the choice that an option belongs to. */
static const char *chosen_instead(struct symbol *sym)
{
	struct property *prop;
	struct menu *menu, *other;

	for_all_prompts(sym, prop) {
		for (menu = prop->menu; menu && menu->parent; menu = menu->parent) {
			if (!menu->parent->sym || menu->parent->sym->name)
				continue;
			for (other = menu->parent->list; other; other = other->next)
				if (other->sym && other->sym != sym && other->sym->name &&
				    !strcmp(value_of(other->sym), "y"))
					return other->sym->name;
		}
	}
	return NULL;
}

static void put_option(const char *name, tristate wanted)
{
	struct symbol *sym = sym_find(name);
	struct property *prop;
	const char *chosen;
	tristate changeable;
	int count = 0;
	bool any = false;
	bool has_prompt = false;
	struct expr *prompt = NULL;

	if (!sym || sym->type == S_UNKNOWN) {
		printf("{\"name\":\"%s\",\"known\":false}\n", name);
		return;
	}
	for_all_prompts(sym, prop) {
		if (!has_prompt)
			prompt = prop->visible.expr;
		has_prompt = true;
	}
	printf("{\"name\":\"%s\",\"known\":true,\"type\":\"%s\",\"value\":\"", name,
	       sym_type_name(sym_get_type(sym)));
	put_text(value_of(sym));
	/* A bool cannot be m: where its condition is m it can be y. */
	if (sym_get_type(sym) != S_TRISTATE && wanted != no)
		wanted = mod;
	changeable = wanted == no ? mod : wanted;
	printf("\",\"visible\":\"%c\",\"prompt\":%s", "nmy"[sym->visible], has_prompt ? "true" : "false");
	put_condition("depends", sym->dir_dep.expr, wanted);
	put_condition("promptIf", has_prompt && sym->visible < changeable ? prompt : NULL, changeable);
	printf(",\"selectedBy\":[");
	put_selectors(sym->rev_dep.expr, &count);
	printf("],\"ranges\":[");
	for_all_properties(sym, prop, P_RANGE) {
		printf("%s", any ? "," : "");
		any = true;
		put_expr(prop->expr);
	}
	chosen = chosen_instead(sym);
	printf("],\"chosen\":%s%s%s}\n", chosen ? "\"" : "", chosen ? chosen : "null", chosen ? "\"" : "");
}

static void put_names(void)
{
	struct menu *menu = &rootmenu;
	bool any = false;

	printf("{\"names\":[");
	while (menu) {
		if (menu->sym && menu->sym->name) {
			printf("%s\"%s\"", any ? "," : "", menu->sym->name);
			any = true;
		}
		if (menu->list) {
			menu = menu->list;
			continue;
		}
		while (menu && !menu->next)
			menu = menu->parent;
		if (menu)
			menu = menu->next;
	}
	printf("]}\n");
}

int main(int argc, char **argv)
{
	char name[160], value[8];
	bool unknown = false;

	if (argc != 2)
		return 2;
	conf_set_message_callback(NULL);
	conf_parse(argv[1]);
	conf_read(NULL);
	while (scanf("%159s %7s%*[^\n]", name, value) == 2)
		enqueue(name, !strcmp(value, "n") ? no : !strcmp(value, "m") ? mod : yes);
	for (int i = 0; i < queued; i++) {
		struct symbol *sym = sym_find(queue[i].name);

		unknown |= !sym || sym->type == S_UNKNOWN;
		put_option(queue[i].name, queue[i].wanted);
	}
	if (unknown)
		put_names();
	return ferror(stdout) ? 1 : 0;
}
`;
