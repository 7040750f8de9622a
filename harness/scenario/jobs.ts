// SPDX-License-Identifier: MIT
import { Fault, type GuestJob, type GuestResult } from '../model/index.ts';

/** What a later step may want to know of a job beside its process. */
export interface JobTraits {
  /** Whether it is errno-write, whose output says which errno each write got. */
  readonly writesErrnos?: boolean;
  /** A file in the guest that is worth keeping after the scenario, and the name to keep it under. */
  readonly evidence?: { readonly path: string; readonly name: string };
  /** Whether that file is the console of a VM, which the job is. */
  readonly isVm?: boolean;
}

/** A named command that goes on in the guest while later steps are performed. */
export interface Job extends GuestJob {
  readonly name: string;
  readonly traits: JobTraits;
  /** Whether `wait` has seen its end. */
  hasEnded(): boolean;
}

/** The jobs that a scenario has started, by name. */
export interface Jobs {
  /** A name may be used again once its job has ended. Fault `SCENARIO_JOB_RUNS` (scenario) while it runs. */
  add(name: string, guestJob: GuestJob, traits?: JobTraits): Job;
  /** Fault `SCENARIO_UNKNOWN_JOB` (scenario) for a name that no step has started. */
  get(name: string): Job;
  /** A name for a job of ktrial's own: `BASE_1`, `BASE_2`, … whichever no job has had. */
  freeName(base: string): string;
  all(): readonly Job[];
  /** `JOB_<name>`: the process id of each job's shell, which leads its process group. */
  environment(): Readonly<Record<string, string>>;
}

export function createJobs(): Jobs {
  const jobs = new Map<string, Job>();
  return {
    add(name, guestJob, traits = {}) {
      if (jobs.get(name)?.hasEnded() === false)
        throw scenarioFault('SCENARIO_JOB_RUNS', `the job ${name} is started again while it still runs`);
      const job = createJob(name, guestJob, traits);
      jobs.set(name, job);
      return job;
    },
    get(name) {
      const job = jobs.get(name);
      if (!job) throw scenarioFault('SCENARIO_UNKNOWN_JOB', `no step has started a job ${name}`);
      return job;
    },
    freeName(base) {
      let number = 1;
      while (jobs.has(`${base}_${number}`)) number += 1;
      return `${base}_${number}`;
    },
    all: () => [...jobs.values()],
    environment: () =>
      Object.fromEntries([...jobs.values()].map((job) => [`JOB_${job.name}`, String(job.pid)])),
  };
}

function createJob(name: string, guestJob: GuestJob, traits: JobTraits): Job {
  let ended = false;
  return {
    name,
    traits,
    pid: guestJob.pid,
    hasEnded: () => ended,
    async wait(timeoutMs): Promise<GuestResult | null> {
      const result = await guestJob.wait(timeoutMs);
      if (result !== null) ended = true;
      return result;
    },
    output: () => guestJob.output(),
    kill: (signal) => guestJob.kill(signal),
  };
}

function scenarioFault(code: string, message: string): Fault {
  return new Fault({ blame: 'scenario', code, message });
}
