/** Outputs keep their head and lose their tail. Characters on the way out; the agent itself has already cut at 24,000 bytes. */
const agentLimitBytes = 24_000;
const agentMark = '--output truncated--';
export const stdoutLimit = 24_000;
export const stderrLimit = 8000;
/** ListCommandInvocations shows both in one field. */
export const listLimit = 2500;

export function fromAgent(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length < agentLimitBytes) return text;
  return bytes.subarray(0, agentLimitBytes - agentMark.length).toString('utf8') + agentMark;
}

export function listOutput(stdout: string, stderr: string): string {
  const text = stderr === '' ? stdout : `${stdout}\n----------ERROR-------\n${stderr}`;
  const mark = '\n---Output truncated---';
  return text.length <= listLimit ? text : text.slice(0, listLimit - mark.length) + mark;
}
