import { reloadsOn } from '../suite/reloads.ts';

reloadsOn('6.0');
