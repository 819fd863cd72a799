/**
 * How long each party takes to answer, in milliseconds, on the way and there. S3 and Secrets Manager: what a function in the same
 * Region sees. Run Command: a node is told within a second and `inspect` takes less than another. Zabbix: as in the lab, and a page
 * of 1,000 hosts by its size.
 */
export const answersAfterMs: Readonly<Record<string, number>> = {
  's3 GetObject': 20,
  's3 ListObjectsV2': 100,
  's3 PutObject': 150,
  ListSecrets: 100,
  GetSecretValue: 10,
  SendCommand: 100,
  GetCommandInvocation: 30,
  'host.get, by key': 15,
  'host.get, a page': 250,
  'host.get, all ids': 300,
};

/** Of whatever is not named above. */
export const otherwiseAfterMs = 20;
