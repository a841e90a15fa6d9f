/** What an auditor found: a rule that was broken, and the records that say so. */
export interface Violation {
  readonly rule: string;
  readonly evidence: readonly string[];
}

/** Evidence in full is seldom read; the records have the rest. */
const shown = 10;

/** One violation for all that break a rule; none for none. */
export function violation(rule: string, evidence: readonly string[]): Violation[] {
  if (evidence.length === 0) return [];
  const more = evidence.length > shown ? [`and ${evidence.length - shown} more`] : [];
  return [{ rule, evidence: [...evidence.slice(0, shown), ...more] }];
}
