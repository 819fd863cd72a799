/**
 * The nasty behaviours, by name. The defaults are a little nastier than AWS on an ordinary day; a test turns one up or off.
 * Counts and intervals that AWS does not document are short here and must not be relied on.
 */
export interface Habits {
  /** From SendCommand until its invocations can be read; before that InvocationDoesNotExist, or an empty list. AWS gives no figure. */
  readonly invocationHiddenMs: number;
  /** Reads by version id that do not find a value written within `staleVersionMs`. */
  readonly versionHiddenReads: number;
  readonly staleVersionMs: number;
  /** From SendCommand to the script's start: the agent's poll. */
  readonly deliveryDelayMs: number;
  /** From the end of a command's delivery time to the moment when its status says so; it is Pending until then. */
  readonly undeliveredNoticedMs: number;
  /** An invocation that waits for an offline node is Delayed, and not Pending. */
  readonly absentIsDelayed: boolean;
  /** How often an offline node is looked at again. */
  readonly offlinePollMs: number;
  /** Whole-rotation retries after a failed step, same token, and the pause before each. */
  readonly rotationRetries: number;
  readonly rotationRetryMs: number;
  /** Names of secrets whose window has closed when a rotation fails: it is not tried again. AWS tries inside the window only. */
  readonly closedWindows: readonly string[];
  /** From RotateSecret's answer to the first step. */
  readonly rotationStartMs: number;
  /** A RotateSecret refused because of a leftover AWSPENDING starts that old rotation again, as its error text promises. */
  readonly reattemptLeftover: boolean;
  /** A new schedule that does not rotate at once runs testSecret alone, behind the deployment's back. */
  readonly testRotationAtDeploy: boolean;
  /** Retries of a function that EventBridge invoked and that failed, and the pause before each (AWS: 2, after 1 and 2 minutes). */
  readonly asyncRetries: number;
  readonly asyncRetryMs: number;
  /** Longest an execution environment may take to load the handler (AWS: 10 s). */
  readonly initTimeoutMs: number;
  /** How many times as fast as on AWS a function's pauses pass; its clock and its time limits stay what they are. */
  readonly pausesPassTimes: number;
  /** Every so many calls of S3 are answered with 503 SlowDown; 0: none. */
  readonly slowDownEvery: number;
  /** Longest page of a list (AWS: up to 1000, and it may be shorter). */
  readonly objectsPerPage: number;
  /** What conditions on `aws:SecureTransport` are told of every call. It comes by plain HTTP, and by TLS on AWS. */
  readonly callsComeByTls: boolean;
  /** Commands that one node runs at once. */
  readonly commandsPerNode: number;
}

export const defaultHabits: Habits = {
  invocationHiddenMs: 2000,
  versionHiddenReads: 1,
  staleVersionMs: 1000,
  deliveryDelayMs: 100,
  undeliveredNoticedMs: 0,
  absentIsDelayed: false,
  offlinePollMs: 200,
  rotationRetries: 2,
  rotationRetryMs: 200,
  closedWindows: [],
  rotationStartMs: 20,
  reattemptLeftover: true,
  testRotationAtDeploy: true,
  asyncRetries: 2,
  asyncRetryMs: 200,
  initTimeoutMs: 10_000,
  pausesPassTimes: 1,
  slowDownEvery: 7,
  objectsPerPage: 1000,
  callsComeByTls: true,
  commandsPerNode: 5,
};
