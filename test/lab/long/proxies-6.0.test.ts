import { proxiesOn } from '../suite/proxies-everything.ts';

proxiesOn('6.0', 'everything');
