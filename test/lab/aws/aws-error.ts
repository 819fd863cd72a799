/** An error answer of an AWS service: what the SDK will throw under this name. */
export class AwsError extends Error {
  override readonly name = 'AwsError';
  readonly code: string;
  readonly status: number;

  constructor(code: string, message: string, status = 400) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

/**
 * The stand-in was asked for something it does not imitate. Never answered politely: the caller gets an error that no SDK
 * retries, and `cloud.unsupported` remembers it.
 */
export class NotImitated extends Error {
  override readonly name = 'NotImitated';
}
