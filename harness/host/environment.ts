// SPDX-License-Identifier: MIT

/** Variables that programs need. Everything else (MAKEFLAGS, GIT_DIR, LANG, ...) would change results. */
const PASSED_ON = [
  'PATH',
  'HOME',
  'TMPDIR',
  'USER',
  'LOGNAME',
  'http_proxy',
  'https_proxy',
  'no_proxy',
  'SSL_CERT_FILE',
];

/** The environment of every command: few variables passed on, C locale, no pager, no questions asked. */
export function childEnvironment(): Record<string, string> {
  const env: Record<string, string> = {
    LC_ALL: 'C.UTF-8',
    GIT_PAGER: 'cat',
    GIT_TERMINAL_PROMPT: '0',
    DEBIAN_FRONTEND: 'noninteractive',
  };
  for (const name of PASSED_ON) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  return env;
}
