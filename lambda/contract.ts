/**
 * The names that `lambda/` and `infra/` share: environment keys, the documents' verbs and parameters, tags and prefixes.
 * Nothing else crosses that border.
 */

/** The six Run Command documents, one per verb. All but `reload` are about a target's program; that one is about whoever must learn its key. */
export const verbs = ['inspect', 'prepare', 'switch', 'restore', 'forget', 'reload'] as const;
export type Verb = (typeof verbs)[number];

/** Environment variable that holds the name of a verb's document. The names are CloudFormation's own, so they arrive here. */
export const documentEnvironmentKey: Readonly<Record<Verb, string>> = {
  inspect: 'DOCUMENT_INSPECT',
  prepare: 'DOCUMENT_PREPARE',
  switch: 'DOCUMENT_SWITCH',
  restore: 'DOCUMENT_RESTORE',
  forget: 'DOCUMENT_FORGET',
  reload: 'DOCUMENT_RELOAD',
};

/** Every other environment variable of the functions. `lambda/config.ts` says what each may hold. */
export const environmentKeys = {
  zabbixUrl: 'ZABBIX_URL',
  zabbixAccessSecret: 'ZABBIX_ACCESS_SECRET',
  zabbixCaPem: 'ZABBIX_CA_PEM',
  zabbixServer: 'ZABBIX_SERVER',
  zabbixPlaces: 'ZABBIX_PLACES',
  zabbixProbeScript: 'ZABBIX_PROBE_SCRIPT',
  zabbixNewerVersions: 'ZABBIX_NEWER_VERSIONS',
  serverWaitS: 'SERVER_WAIT_S',
  agentStartS: 'AGENT_START_S',
  proxyConfigFrequencyS: 'PROXY_CONFIG_FREQUENCY_S',
  proveTimeoutS: 'PROVE_TIMEOUT_S',
  reloadServers: 'RELOAD_SERVERS',
  reloadProxies: 'RELOAD_PROXIES',
  evidenceBucket: 'EVIDENCE_BUCKET',
  fingerprintSecret: 'FINGERPRINT_SECRET',
  signingKey: 'SIGNING_KEY',
} as const;

/** The one value of `zabbix.newerVersions`: what to do with a Zabbix that is newer than every one known. Left out, it is refused. */
export const tryNewerVersions = 'try-like-the-newest-known';

/** The step of every document that runs the script. GetCommandInvocation asks for it by this name, which it wants to have 4 letters or more. */
export const documentStep = 'rotatePsk';

/**
 * Parameters of the documents. Letters and digits only: the agent drops a value whose name holds anything else.
 * None of them ever holds a key in clear. Values that fail `allowedPattern` are refused by Systems Manager and by the node.
 *
 * `allowedPattern` is in the intersection of Java's and RE2's syntax and leaves no character that a shell, a JSON string or
 * a double-quoted word could read as code, because agents older than 3.3.2746.0 paste the value into the script as text.
 */
export const parameters = {
  /** ARN of the secret whose rotation this is. */
  secretId: { allowedPattern: '^arn:[A-Za-z0-9:/_+=.@-]{10,600}$' },
  /** Version of the secret that is being rotated in (the ClientRequestToken). */
  versionId: { allowedPattern: '^[A-Za-z0-9-]{32,64}$' },
  /** Configuration file of the agent, `auto` to find the running agent's, `none` where no agent uses the key. */
  config: { allowedPattern: '^(auto|none|/[A-Za-z0-9/._-]{1,200})$', default: 'auto' },
  /** The same of the proxy. */
  proxyConfig: { allowedPattern: '^(auto|none|/[A-Za-z0-9/._-]{1,200})$', default: 'none' },
  /** Fingerprint of the key that AWSCURRENT holds (see docs/host-scripts.md), or that it holds none. */
  currentFingerprint: { allowedPattern: '^([0-9a-f]{12}|unencrypted|certificate)$' },
  /** Fingerprint that the node must find after unsealing, or in place before it forgets. */
  fingerprint: { allowedPattern: '^([0-9a-f]{12}|unencrypted|certificate)$' },
  /** Whether an agent without a PSK is expected, and what it is to take with its first one. */
  firstEncryption: { allowedPattern: '^(no|only-psk|unencrypted-too)$', default: 'no' },
  /** Identity to put beside the new key; `keep` leaves the configuration file untouched. */
  identity: { allowedPattern: '^[A-Za-z0-9._:-]{1,128}$' },
  /** The new key, RSA-OAEP-SHA256 for the public key that `prepare` returned, base64. */
  sealedKey: { allowedPattern: '^[A-Za-z0-9+/]{300,700}={0,2}$' },
  /** How the node knows that the server accepts the key (see docs/host-scripts.md). */
  gate: { allowedPattern: '^(shadow-agent|zabbix-sender|script-execute|port-probe|proxy-log|agent-log|now)$' },
  /** Seconds since 1970 by the NODE's clock; at or after it the command does nothing. */
  notAfter: { allowedPattern: '^[0-9]{10,11}$' },
  /** Longest time, in seconds, to wait for the server to accept the key. */
  serverWaitS: { allowedPattern: '^[0-9]{1,4}$' },
  /** Longest time, in seconds, for the agent to come up after its restart. */
  agentStartS: { allowedPattern: '^[0-9]{1,3}$' },
  /** Seconds from one question at the gate to the next. */
  probeEveryS: { allowedPattern: '^[1-9][0-9]?$', default: '1' },
  /** Whose configuration cache is to be reloaded. */
  daemon: { allowedPattern: '^(zabbix_server|zabbix_proxy)$' },
  /** Proxies that a server of 7.0 or later is to hand their configuration, too. */
  proxies: { allowedPattern: '^(none|all|named:[A-Za-z0-9,._-]{1,400})$', default: 'none' },
} as const satisfies Record<string, { allowedPattern: string; default?: string }>;
export type ParameterName = keyof typeof parameters;

/** What each document takes. Every parameter without a default must be given. */
export const verbParameters = {
  inspect: ['secretId', 'versionId', 'config', 'proxyConfig', 'firstEncryption'],
  prepare: ['secretId', 'versionId', 'config', 'proxyConfig', 'firstEncryption', 'currentFingerprint', 'notAfter'],
  switch: [
    'secretId',
    'versionId',
    'fingerprint',
    'identity',
    'sealedKey',
    'gate',
    'notAfter',
    'serverWaitS',
    'agentStartS',
    'probeEveryS',
  ],
  restore: [
    'secretId',
    'versionId',
    'config',
    'proxyConfig',
    'firstEncryption',
    'gate',
    'notAfter',
    'serverWaitS',
    'agentStartS',
    'probeEveryS',
  ],
  forget: ['secretId', 'versionId', 'config', 'proxyConfig', 'firstEncryption', 'fingerprint'],
  reload: ['secretId', 'versionId', 'daemon', 'proxies'],
} as const satisfies Record<Verb, readonly ParameterName[]>;

/** Nodes that may be commanded carry this tag. */
export const nodeTag = { key: 'ZabbixPskRotation', value: 'enabled' } as const;

/** In a node's words, in place of a key's fingerprint: it holds no key, and what protects it instead, nothing or a certificate. */
export const keyless = ['unencrypted', 'certificate'] as const;

/**
 * What both ends of a target take once its first key is in use: `only-psk` closes the unencrypted door, `unencrypted-too` leaves it open.
 * Of one that uses certificates it is the door of Zabbix, and only `only-psk` makes sense.
 * Whoever asks for a first encryption says which; without it nothing is encrypted for the first time.
 */
export const doors = ['only-psk', 'unencrypted-too'] as const;
export type Door = (typeof doors)[number];

/** Secrets whose targets may be encrypted for the first time carry this tag, with one of `doors`. CloudFormation never sees their values. */
export const firstEncryptionTagKey = 'ZabbixPskFirstEncryption';

/** Rotated secrets, and the bucket of their records, carry these: `infra/conformance-pack.yaml` finds them by it. */
export const secretTag = { key: nodeTag.key, value: 'secret' } as const;
export const evidenceTag = { key: nodeTag.key, value: 'evidence' } as const;

/** Systems Manager's id of a node: EC2's short and long ones, and hybrid. */
export const nodeIdPattern = /^(i-[0-9a-f]{8}|i-[0-9a-f]{17}|mi-[0-9a-f]{17})$/;

/** What Zabbix allows in the name of a proxy: letters, digits, blanks and . _ - */
export const proxyNamePattern = /^[A-Za-z0-9._ -]{1,128}$/;

/** One address as `ServerActive` has it: a name or an IP address, with or without a port. */
export const placePattern =
  /^(?:[A-Za-z0-9._-]{1,253}(?::[0-9]{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](?::[0-9]{1,5})?|[0-9A-Fa-f:.]{2,45})$/;

/** Names of the rotated secrets begin with this, so that one short policy covers them all. */
export const secretNamePrefix = 'zabbix-psk/';

/** Version ids of rotations that were asked for through `{"rotate": …}` begin with this; any other came from Secrets Manager. */
export const requestedTokenPrefix = 'requested-';

/** Label of ours on a pending version that is being taken back; Secrets Manager allows labels of one's own, 20 on a version. */
export const goingBackLabel = 'ZABBIX_PSK_GOING_BACK';

/** Label of ours on a version from its parking until its rotation's end is recorded. */
export const unrecordedLabel = 'ZABBIX_PSK_UNRECORDED';

/**
 * Labels of ours on a version whose rotation waits, forward or on its way back, for longer than an invocation lasts: until when, in
 * UTC, stands behind them (`2026-11-29T04-23-00Z`).
 */
export const waitingLabels = {
  forward: 'ZABBIX_PSK_WAITS_FORWARD_UNTIL_',
  back: 'ZABBIX_PSK_WAITS_BACK_UNTIL_',
} as const;

/** A server that has much to do sends a passive proxy its configuration somewhat later than it should. Seconds. */
export const proxyMayLagS = 60;

/** A node that waits for a proxy waits for longer than its rotation: whoever gives up calls it off. Seconds. */
export const nodeOutlastsS = 900;

/** Where the evidence bucket holds the records: one folder for each secret, named like it. */
export const recordsPrefix = 'records/';

/** Where it holds reports: one folder for each, named by its time. */
export const reportsPrefix = 'reports/';

/** Where it holds what somebody has decided to live with; the last one by name is in force. */
export const waiversPrefix = 'waivers/';
