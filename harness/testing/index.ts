// SPDX-License-Identifier: MIT
// Makes: fakes and builders for tests, and the kernel that machine tests boot.
// Needs: model, host, kernel, splat.
// Never: is imported by anything but tests.
export { aBuild, anArm, anEventStream, aPlan, aRequest, aState, aWarning, dateEvents } from './campaign.ts';
export type { FakeClock } from './clock.ts';
export { aClock } from './clock.ts';
export type { FuzzResult, FuzzTarget, SlowestCase } from './fuzz.ts';
export { fuzzTarget, listFuzzTargets } from './fuzz.ts';
export type { Answer, FakeGuest, Replies } from './guest.ts';
export { aGuest, aResult } from './guest.ts';
export { CACHE_HOME, TEST_CACHE, testKernel } from './kernel.ts';
export type { LogForm } from './klog.ts';
export { aCallTrace, aLog, aStack } from './klog.ts';
export type { SampleLog } from './logs.ts';
export {
  interleaveLines,
  KASAN_LINES,
  LOCKDEP_LINES,
  OOPS_LINES,
  SAMPLE_LOGS,
  stampLines,
  syslogLines,
  WARNING_LINES,
} from './logs.ts';
export type { MachineScript } from './machine.ts';
export { CLEAN_BOOT, FakeMachine } from './machine.ts';
export type { MarkedLog } from './marked.ts';
export { readMarkedLog, writeMarkedLog } from './marked.ts';
export { mutate } from './mutation.ts';
export { type FakePciDevice, makePciDevices } from './pci-devices.ts';
export { aPerformer, type FakePerformer, type FakeWorld } from './performer.ts';
export { GOLDEN_LOGS, goldenName, judgeMarkedLog, PROVOKE_PACK } from './provoke.ts';
export { PROJECT_ROOT } from './root.ts';
export { printUntil } from './shell.ts';
export type { FakeStarter } from './starter.ts';
export { aMachineStarter, aTemplateSource } from './starter.ts';
export { SAMPLE_STATES } from './states.ts';
export { CARRIAGES, judgeCarriage, readGoldenLogs, readPlain } from './transports.ts';
export { aFinding, aFrame, aSignature, aSplat, aTrial, aVerdict, oftenTrial } from './trials.ts';
