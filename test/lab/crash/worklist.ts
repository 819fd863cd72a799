import { type CrashPoint, spreadOut } from './point.ts';

/** Which crash comes next in which lane: every kind of host that comes by the point will do, retries on and off by turns. */
export class Worklist {
  #open: readonly { readonly point: CrashPoint; readonly retries: boolean }[];
  readonly #again = new Set<CrashPoint>();
  readonly #passes: (point: CrashPoint, kind: string) => boolean;

  /** @param left the points that are still to be tried */
  constructor(
    points: readonly CrashPoint[],
    passes: (point: CrashPoint, kind: string) => boolean,
    left: (point: CrashPoint) => boolean = () => true,
  ) {
    // Two by two: before and after stand beside each other, and either shall meet both.
    const all = points.map((point, index) => ({ point, retries: (index + Math.floor(index / 2)) % 2 === 0 }));
    this.#open = spreadOut(all).filter(({ point }) => left(point));
    this.#passes = passes;
  }

  get left(): number {
    return this.#open.length;
  }

  /** @param kinds of the lane's hosts; the one that had its turn last comes last */
  next(retries: boolean, kinds: readonly string[]): { readonly point: CrashPoint; readonly kind: string } | undefined {
    const turned = this.left % 2 === 0 ? kinds : kinds.toReversed();
    const fits = ({ point }: { readonly point: CrashPoint }) => turned.some((kind) => this.#passes(point, kind));
    const found = this.#open.find((one) => one.retries === retries && fits(one)) ?? this.#open.find(fits);
    if (found === undefined) return undefined;
    this.#open = this.#open.filter((one) => one !== found);
    const kind = turned.find((candidate) => this.#passes(found.point, candidate));
    return kind === undefined ? undefined : { point: found.point, kind };
  }

  /** Puts a point that was not come by back, once. @returns false when it has had its second chance */
  again(point: CrashPoint): boolean {
    if (this.#again.has(point)) return false;
    this.#again.add(point);
    this.#open = [...this.#open, { point, retries: true }];
    return true;
  }
}
