// SPDX-License-Identifier: MIT
import { Fault, type GuestJob } from '../model/index.ts';

export interface Job {
  readonly name: string;
  readonly guestJob: GuestJob;
  /** `errno`: it is our own writer, whose output says which errno came. `l2`: a VM inside the guest. */
  readonly kind: 'command' | 'errno' | 'l2';
  /** Set once its end was seen. */
  ended: boolean;
}

/** The jobs that a scenario has running in the guest, by name. */
export class Jobs {
  readonly #jobs = new Map<string, Job>();

  /** A name may be used again once its job has ended. */
  add(name: string, guestJob: GuestJob, kind: Job['kind']): Job {
    if (this.#jobs.get(name)?.ended === false)
      throw fault(`the job ${name} is started while it still runs`, 'SCENARIO_JOB_RUNS');
    const job: Job = { name, guestJob, kind, ended: false };
    this.#jobs.set(name, job);
    return job;
  }

  get(name: string): Job {
    const job = this.#jobs.get(name);
    if (!job) throw fault(`no job ${name} was started`, 'SCENARIO_UNKNOWN_JOB');
    return job;
  }

  all(): readonly Job[] {
    return [...this.#jobs.values()];
  }

  running(): readonly Job[] {
    return [...this.#jobs.values()].filter((job) => !job.ended);
  }

  /** `JOB_<name>`: the process id of each job's shell, which leads its process group. */
  environment(): Record<string, string> {
    return Object.fromEntries(
      [...this.#jobs].map(([name, job]) => [`JOB_${name}`, String(job.guestJob.pid)]),
    );
  }
}

function fault(message: string, code: string): Fault {
  return new Fault({ blame: 'scenario', code, message });
}
