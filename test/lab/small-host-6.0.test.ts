import { smallHostsOf } from './suite/small-hosts.ts';

smallHostsOf('6.0');
