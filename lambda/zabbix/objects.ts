import { array, extend, type infer as Infer, object, optional, pipe, regex, string, transform } from 'zod/mini';
import { quote, quoteName } from '../quote.ts';

/** Zabbix writes numbers as strings. Ours are bit masks and seconds since 1970, never as long as a number that loses digits. */
const number = pipe(string().check(regex(/^\d{1,15}$/)), transform(Number));

const name = pipe(string(), transform(quoteName));
/** Of a certificate: compared, and part of a sentence of ours. */
const distinguishedName = optional(name);
/** What it says of a host: part of a sentence of ours. */
const sentencePart = pipe(string(), transform(quote));

/** The replies of the API as far as we read them; Zabbix API reference, host and item objects. */
export const hostReply = array(
  object({
    hostid: string(),
    host: name,
    status: string(),
    tls_connect: number,
    tls_accept: number,
    tls_issuer: distinguishedName,
    tls_subject: distinguishedName,
    maintenance_status: string(),
    maintenance_type: string(),
    proxy_hostid: optional(string()),
    monitored_by: optional(string()),
    interfaces: array(
      object({
        interfaceid: string(),
        type: string(),
        available: string(),
        error: sentencePart,
        errors_from: string(),
      }),
    ),
  }),
);
export type HostReply = Infer<typeof hostReply>[number];

export const proxyReply = array(
  object({
    proxyid: string(),
    host: optional(name),
    name: optional(name),
    status: optional(string()),
    operating_mode: optional(string()),
    tls_connect: number,
    tls_accept: number,
    tls_issuer: distinguishedName,
    tls_subject: distinguishedName,
    lastaccess: number,
    state: optional(string()),
    description: string(),
  }),
);

export const autoregistrationReply = object({ tls_accept: number });

const item = object({
  itemid: string(),
  key_: name,
  type: string(),
  delay: string(),
  state: string(),
  history: string(),
  preprocessing: array(object({ type: string() })),
});
export const itemReply = array(extend(item, { lastclock: number }));
export type ItemReply = Infer<typeof itemReply>[number];
/** Of several hosts, without their newest values. */
export const itemsReply = array(extend(item, { hostid: string() }));
export const newestReply = array(object({ itemid: string(), lastclock: number }));

const hosts = optional(array(object({ hostid: string(), host: name, status: string() })));
export const proxyHostsReply = array(object({ hosts, assignedHosts: hosts }));

export const lastValueReply = array(object({ lastclock: number }));
export const namedReply = array(object({ host: name }));
export const proxyNameReply = array(object({ host: optional(name), name: optional(name) }));
export const scriptReply = array(object({ scriptid: string() }));
