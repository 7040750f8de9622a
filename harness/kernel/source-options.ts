// SPDX-License-Identifier: MIT

export interface SourceOptions {
  readonly cacheDirectory: string;
  readonly mirror?: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (text: string) => void;
}
