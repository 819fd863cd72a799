import { restartsOn } from '../suite/faults.ts';

restartsOn('7.0');
