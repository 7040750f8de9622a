// SPDX-License-Identifier: MIT
export { isConclusive } from '../model/index.ts';
