/** What a human will find after an error. */
export type Leaves =
  /** Nothing was touched. */
  | 'nothing-changed'
  /** Zabbix and the agent are on the old key again. */
  | 'old-key'
  /** We cannot say which key holds. */
  | 'stranded'
  /** Whatever was there before this call. */
  | 'as-it-was';

/** Base of every error that this service throws on purpose. The message is one sentence for a human and never holds a key. */
export abstract class ServiceError extends Error {
  /** Stable; each has an article in docs/runbook.md. */
  abstract readonly code: string;
  abstract readonly leaves: Leaves;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** Something asked for cannot be done, found out before anything was touched. Names the thing, the value, the remedy. */
export class Refusal extends ServiceError {
  readonly code: string;
  readonly leaves = 'nothing-changed';

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A command did not reach its node, or the node's account did not reach us. What it did there is unknown. */
export class NodeUnreachable extends ServiceError {
  readonly code = 'NODE_UNREACHABLE';
  readonly leaves = 'as-it-was';
  readonly target: string;

  constructor(target: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.target = target;
  }
}

/** A node tells of an exchange of keys that does not end: whoever did it has died on the way, and the next command there finishes it. */
export class NodeExchanging extends NodeUnreachable {}

/** A rotation that is under way and cannot go on now. Its label stays, so that the next try with the same token can. */
export class StillOpen extends ServiceError {
  readonly code = 'STILL_OPEN';
  readonly leaves = 'as-it-was';
}

/** A rotation goes back and has to wait for that longer than this call lasts. Its label stays, and the repair carries it on. */
export class StillWaiting extends ServiceError {
  readonly code = 'STILL_WAITING';
  readonly leaves = 'as-it-was';
}

/** A rotation has ended, and its record is missing. Its label stays, by which the next try or the repair finds it. */
export class RecordNotKept extends ServiceError {
  readonly code = 'RECORD_NOT_KEPT';
  readonly leaves = 'as-it-was';
}

/** A host was put into a maintenance without data collection in mid-rotation: its silence says nothing of its key. */
export class HostSilenced extends ServiceError {
  readonly code = 'HOST_IN_MAINTENANCE';
  readonly leaves = 'as-it-was';
}

/** Zabbix' API could not be asked. */
export class ZabbixUnreachable extends ServiceError {
  readonly code: string = 'ZABBIX_UNREACHABLE';
  readonly leaves = 'as-it-was';
}

/** Zabbix was told to store a key and did not answer: it may have done it, or still do it. */
export class GiveUnanswered extends ZabbixUnreachable {}

/** Zabbix' API said no. */
export class ZabbixRefused extends ServiceError {
  readonly code = 'ZABBIX_REFUSED';
  readonly leaves = 'as-it-was';
}

/** A target did not get from one key to the other; says what was tried. Going back follows. */
export class TargetFailed extends ServiceError {
  readonly code: string;
  readonly leaves = 'as-it-was';
  readonly target: string;

  constructor(code: string, target: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.target = target;
  }
}

/** The rotation failed and every target is proven to be on the old key again. */
export class RotationRolledBack extends ServiceError {
  readonly code = 'ROTATION_ROLLED_BACK';
  readonly leaves = 'old-key';
}

/** The rotation failed and the way back did too. `errors` holds both failures. */
export class Stranded extends AggregateError {
  readonly code = 'STRANDED';
  readonly leaves = 'stranded';

  constructor(errors: readonly unknown[], message: string) {
    super(errors, message);
    this.name = 'Stranded';
  }
}

/** The one sentence of anything that was thrown. */
export function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
