// SPDX-License-Identifier: MIT
import type { Limits } from '../model/index.ts';

export interface SourceOptions {
  readonly cacheDirectory: string;
  readonly mirror?: string;
  readonly limits?: Limits | undefined;
  readonly signal?: AbortSignal;
  readonly onProgress?: (text: string) => void;
}
