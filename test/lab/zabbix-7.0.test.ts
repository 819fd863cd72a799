import { everythingOn } from './suite/everything.ts';

everythingOn('7.0');
