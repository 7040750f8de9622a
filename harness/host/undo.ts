// SPDX-License-Identifier: MIT

/** Undo actions, run in reverse order exactly once. Register each at the moment its thing is acquired. */
export class UndoStack {
  readonly #actions: { readonly what: string; readonly undo: () => Promise<void> | void }[] = [];

  /** `what` names the thing for the message when undoing it fails. */
  add(what: string, undo: () => Promise<void> | void): void {
    this.#actions.push({ what, undo });
  }

  /** Undoes everything. Goes on past failures and returns what could not be undone, each a sentence. */
  async unwind(): Promise<string[]> {
    const failed: string[] = [];
    for (let action = this.#actions.pop(); action; action = this.#actions.pop()) {
      try {
        await action.undo();
      } catch (error) {
        failed.push(`${action.what}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    return failed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.unwind();
  }
}
