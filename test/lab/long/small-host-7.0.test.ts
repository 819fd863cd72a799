import { smallHostsOf } from '../suite/small-hosts.ts';

smallHostsOf('7.0');
