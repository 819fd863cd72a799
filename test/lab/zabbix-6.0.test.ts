import { everythingOn } from './suite/everything.ts';

everythingOn('6.0');
