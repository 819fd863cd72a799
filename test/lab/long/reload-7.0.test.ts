import { reloadsOn } from '../suite/reloads.ts';

reloadsOn('7.0');
