import { proxiesOn } from '../suite/proxies-everything.ts';

proxiesOn('7.0', 'everything');
