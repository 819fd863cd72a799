/**
 * Edits a Zabbix configuration text the way a human does: in place, where the parameter stands or where its
 * comment documents it; `null` comments it out.
 */
export function withParameters(text: string, parameters: Readonly<Record<string, string | null>>): string {
  return Object.entries(parameters).reduce((done, [name, value]) => withParameter(done, name, value), text);
}

function withParameter(text: string, name: string, value: string | null): string {
  const inForce = new RegExp(`^${name}=.*$`, 'm');
  if (value === null) return text.replace(new RegExp(`^${name}=`, 'gm'), `# ${name}=`);
  const line = `${name}=${value}`;
  if (inForce.test(text)) return text.replace(inForce, () => line);
  // Below its comment, which in Zabbix' files is followed by "# Name=default".
  const documented = new RegExp(`^# ?${name}=.*$`, 'm');
  if (documented.test(text)) return text.replace(documented, (comment) => `${comment}\n${line}`);
  return `${text.trimEnd()}\n${line}\n`;
}
