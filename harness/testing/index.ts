// SPDX-License-Identifier: MIT
// Makes: fakes and builders for tests.
// Needs: model.
// Never: is imported by anything but tests.
export { PROJECT_ROOT } from './root.ts';
