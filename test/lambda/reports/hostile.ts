/** Names that somebody could give a host to harm whoever opens a report. Zabbix lets any of them into the visible name. */
export const hostileNames = [
  `=cmd|'/C calc'!A1`,
  '@SUM(1+1)*cmd',
  '<script>alert(1)</script>',
  '</script><script>document.title="owned"</script>',
  '<!--<script>',
  `"quoted" and 'quoted' & more`,
  'two\nlines\r\nand a\ttab',
  '\tbegins with a tab',
  '\u202Etxt.exe\u202C turned around',
  'קול-01 عربي',
  'zero\u200Bwidth\uFEFF',
  '\u2028line separator',
  'ü'.repeat(128),
  '😀'.repeat(64),
  '%00{{7*7}}$(reboot)`reboot`',
  ' leading and trailing ',
] as const;
