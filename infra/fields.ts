/**
 * One object of the inventory, read field by field. A field that is missing or malformed adds one sentence to `problems`
 * and yields an empty value, so that reading goes on and the operator sees every problem at once.
 */
export class Fields {
  readonly #place: string;
  readonly #fields: Readonly<Record<string, unknown>>;
  readonly #problems: string[];
  readonly #known: string[] = [];
  readonly #broken: boolean;

  /** @param place how the object is called in a sentence, `secrets[0] "web-01"` */
  constructor(place: string, value: unknown, problems: string[]) {
    this.#place = place;
    this.#problems = problems;
    this.#broken = !isRecord(value);
    this.#fields = isRecord(value) ? value : {};
    if (this.#broken && value !== undefined) {
      problems.push(
        `${place} must be an object in braces, but it is ${JSON.stringify(value)}; write it as in inventory.example.json.`,
      );
    }
  }

  /** @param problemOf what is wrong with a value, as the rest of a sentence that begins with field and value */
  text(key: string, problemOf: (value: string) => string | undefined): string {
    const value = this.optionalText(key, problemOf);
    if (value === undefined) this.#missing(key);
    return value ?? '';
  }

  optionalText(key: string, problemOf: (value: string) => string | undefined): string | undefined {
    this.#known.push(key);
    const value = this.#fields[key];
    if (value === undefined) return undefined;
    if (typeof value !== 'string') {
      this.complain(key, value, 'must be text in double quotes.');
      return '';
    }
    const problem =
      value === '' ? 'is empty; fill it in or remove the line.' : (problemOf(value) ?? replaceableProblem(value));
    if (problem !== undefined) this.complain(key, value, problem);
    return value;
  }

  /** Absent: no. */
  yesOrNo(key: string): boolean {
    this.#known.push(key);
    const value = this.#fields[key];
    if (value !== undefined && typeof value !== 'boolean')
      this.complain(key, value, 'must be true or false, without quotes.');
    return value === true;
  }

  wholeNumber(key: string, least: number, most: number, unit = 'seconds'): number | undefined {
    this.#known.push(key);
    const value = this.#fields[key];
    if (value === undefined) return undefined;
    if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
      this.complain(key, value, `must be a whole number of ${unit} from ${least} to ${most}.`);
      return undefined;
    }
    return value;
  }

  ids(key: string, pattern: RegExp, example: string): string[] {
    const list = this.list(key);
    const wrong = list.filter((item) => typeof item !== 'string' || !pattern.test(item));
    for (const item of wrong) this.complain(key, item, `must look like ${example}; copy it from the VPC console.`);
    if (list.length === 0 && Array.isArray(this.#fields[key]))
      this.complain(key, [], `needs at least one, like ${example}.`);
    return list.filter((item) => typeof item === 'string');
  }

  list(key: string): readonly unknown[] {
    this.#known.push(key);
    const value = this.#fields[key];
    if (Array.isArray(value)) return value;
    if (value === undefined) this.#missing(key);
    else this.complain(key, value, 'must be a list in square brackets.');
    return [];
  }

  optionalList(key: string): readonly unknown[] {
    if (this.#fields[key] !== undefined) return this.list(key);
    this.#known.push(key);
    return [];
  }

  /** An object whose keys the operator chooses. */
  named(key: string): readonly (readonly [name: string, value: unknown])[] {
    this.#known.push(key);
    const value = this.#fields[key];
    if (isRecord(value)) return Object.entries(value);
    if (value !== undefined) this.complain(key, value, 'must be an object in braces, names before the colons.');
    return [];
  }

  object(key: string): Fields {
    const fields = this.optionalObject(key);
    if (fields !== undefined) return fields;
    this.#missing(key);
    return new Fields(key, undefined, this.#problems);
  }

  optionalObject(key: string): Fields | undefined {
    this.#known.push(key);
    const value = this.#fields[key];
    return value === undefined ? undefined : new Fields(key, value, this.#problems);
  }

  /** A misspelt setting must not be a silent default. Call it when every known field has been read. */
  refuseOthers(): void {
    for (const key of Object.keys(this.#fields)) {
      if (this.#known.includes(key)) continue;
      this.#problems.push(
        `${this.#place}: "${key}" is not a setting; known here are ${this.#known.join(', ')}. Correct or remove it.`,
      );
    }
  }

  complain(key: string, value: unknown, problem: string): void {
    this.#problems.push(`${this.#place}: ${key} ${JSON.stringify(value)} ${problem}`);
  }

  complainAboutAll(problem: string): void {
    this.#problems.push(`${this.#place} ${problem}`);
  }

  #missing(key: string): void {
    // An object that is missing itself has been named already; its fields would only repeat that.
    if (!this.#broken) this.#problems.push(`${this.#place}: ${key} is missing; add it as in inventory.example.json.`);
  }
}

/**
 * CloudFormation replaces `{{resolve:…}}` wherever it stands, by a secret's value too, and the CDK its own `${Token[…]}`: a field of
 * the inventory could bring a key into the function's environment, where many may read it.
 *
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references-secretsmanager.html (November 2026)
 */
function replaceableProblem(value: string): string | undefined {
  if (/\{\{|\$\{/.test(value))
    return 'holds {{ or ${, in whose place CloudFormation or the CDK would put something else; leave it out.';
  if (/\p{Cc}/u.test(value)) return 'holds a control character; write it anew.';
  return undefined;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `ENOENT`, of an error of the system's. */
export function errorCode(cause: unknown): string {
  return isRecord(cause) && typeof cause.code === 'string' ? cause.code : String(cause);
}
