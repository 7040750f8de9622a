// SPDX-License-Identifier: MIT
// Makes: fakes and builders for tests.
// Needs: model.
// Never: is imported by anything but tests.
export type { Answer, FakeGuest, Replies } from './guest.ts';
export { aGuest, aResult } from './guest.ts';
export { PROJECT_ROOT } from './root.ts';
