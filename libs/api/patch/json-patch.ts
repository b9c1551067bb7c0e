import { StatusError } from '../../base/status.ts';
import { cloneJson, equalJson, isMembers, type Members, setMember } from './json-value.ts';

/** Operations one JSON patch may have; more would hold the server up. */
export const jsonPatchOperationsMax = 10_000;

/** How much JSON the copies of one patch may make, all in all: copies of copies double. */
export const jsonPatchCopyBytesMax = 3 * 1024 * 1024;

/** What the copies of one patch have made so far. */
interface Budget {
  copiedBytes: number;
}

function fail(index: number, why: string): never {
  // Kubernetes answers with details that say nothing, and no cause.
  throw new StatusError('Invalid', `operation ${index} of the JSON patch failed: ${why}`, { details: {} });
}

function malformed(why: string): never {
  throw new StatusError('BadRequest', `cannot read the JSON patch: ${why}`);
}

/**
 * One operation on one document. Source: RFC 6902, with what Kubernetes allows beyond it: indexes below zero count from
 * the end, a missing value is null, what stands before the first / of a path is not looked at, and `replace` and `copy`
 * take a missing member of an object for null.
 */
class Operation {
  private readonly members: Members;
  private readonly index: number;
  private readonly budget: Budget;

  constructor(members: Members, index: number, budget: Budget) {
    this.members = members;
    this.index = index;
    this.budget = budget;
  }

  apply(document: unknown): unknown {
    const path = this.pointer('path');
    switch (this.members.op) {
      case 'add':
        return this.add(document, path, cloneJson(this.value()));
      case 'remove':
        return this.remove(document, path).document;
      case 'replace':
        return this.set(document, path, cloneJson(this.value()));
      case 'move': {
        const { document: without, removed } = this.remove(document, this.pointer('from'));
        return this.add(without, path, removed);
      }
      case 'copy':
        return this.add(document, path, this.copied(this.getMember(document, this.pointer('from'))));
      case 'test':
        this.test(document, path);
        return document;
      default:
        return fail(this.index, `there is no operation called ${JSON.stringify(this.members.op)}`);
    }
  }

  private copied(value: unknown): unknown {
    const text = JSON.stringify(value);
    this.budget.copiedBytes += text.length;
    if (this.budget.copiedBytes > jsonPatchCopyBytesMax) {
      const message = `the copies of the JSON patch come to more than ${jsonPatchCopyBytesMax} bytes`;
      throw new StatusError('RequestEntityTooLarge', message);
    }
    return JSON.parse(text);
  }

  private value(): unknown {
    return this.members.value ?? null;
  }

  private pointer(name: 'path' | 'from'): string[] {
    const text = this.members[name];
    if (typeof text !== 'string') fail(this.index, `its ${name} is missing`);
    if (text === '') return [];
    if (!text.includes('/')) fail(this.index, `its ${name} ${JSON.stringify(text)} has no /`);
    return text
      .split('/')
      .slice(1)
      .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  }

  private missing(path: readonly string[]): never {
    return fail(this.index, `/${path.join('/')} does not exist`);
  }

  /** The place in a list; `length` itself only where something is added. */
  private place(list: readonly unknown[], step: string, adding: boolean): number {
    if (adding && step === '-') return list.length;
    const number = /^(?:0|-?[1-9]\d*)$/.test(step) ? Number(step) : Number.NaN;
    const count = adding ? list.length + 1 : list.length;
    const place = number < 0 ? number + count : number;
    if (!(place >= 0 && place < count)) fail(this.index, `there is no place ${step} in a list of ${list.length}`);
    return place;
  }

  private get(document: unknown, path: readonly string[]): unknown {
    let value = document;
    for (const step of path) {
      if (Array.isArray(value)) value = value[this.place(value, step, false)];
      else if (isMembers(value) && Object.hasOwn(value, step)) value = value[step];
      else this.missing(path);
    }
    return value;
  }

  private holder(document: unknown, path: readonly string[]): unknown[] | Members {
    const holder = this.get(document, path.slice(0, -1));
    if (Array.isArray(holder) || isMembers(holder)) return holder;
    return this.missing(path);
  }

  private add(document: unknown, path: readonly string[], value: unknown): unknown {
    const last = path.at(-1);
    if (last === undefined) return value;
    const holder = this.holder(document, path);
    if (Array.isArray(holder)) holder.splice(this.place(holder, last, true), 0, value);
    else setMember(holder, last, value);
    return document;
  }

  private set(document: unknown, path: readonly string[], value: unknown): unknown {
    const last = path.at(-1);
    if (last === undefined) return value;
    const holder = this.holder(document, path);
    if (Array.isArray(holder)) holder[this.place(holder, last, false)] = value;
    else setMember(holder, last, value);
    return document;
  }

  private remove(document: unknown, path: readonly string[]): { document: unknown; removed: unknown } {
    const removed = this.get(document, path);
    const last = path.at(-1);
    if (last === undefined) return { document: null, removed };
    const holder = this.holder(document, path);
    if (Array.isArray(holder)) holder.splice(this.place(holder, last, false), 1);
    else delete holder[last];
    return { document, removed };
  }

  private test(document: unknown, path: readonly string[]): void {
    const expected = this.value();
    const found = expected === null ? this.getMember(document, path) : this.get(document, path);
    if (!equalJson(found, expected)) fail(this.index, `the value at /${path.join('/')} is not the tested one`);
  }

  /** A member that an object does not have counts as null; the object itself must be there. */
  private getMember(document: unknown, path: readonly string[]): unknown {
    const last = path.at(-1);
    if (last === undefined) return document;
    const holder = this.holder(document, path);
    if (isMembers(holder)) return Object.hasOwn(holder, last) ? holder[last] : null;
    return this.get(holder, [last]);
  }
}

/**
 * Applies a JSON patch. `target` is taken over and changed; the patch is not and can be applied again.
 * @throws StatusError BadRequest for what is no patch, Invalid for an operation that fails.
 */
export function applyJsonPatch(target: unknown, patch: unknown): unknown {
  if (patch === null) return target;
  if (!Array.isArray(patch)) malformed('it must be a list of operations');
  if (patch.length > jsonPatchOperationsMax) {
    const message = `a JSON patch has at most ${jsonPatchOperationsMax} operations, this one has ${patch.length}`;
    throw new StatusError('RequestEntityTooLarge', message);
  }
  let document = target;
  const budget: Budget = { copiedBytes: 0 };
  patch.forEach((members: unknown, index) => {
    if (!isMembers(members)) malformed(`operation ${index} is no object`);
    document = new Operation(members, index, budget).apply(document);
  });
  return document;
}
