import { faultsOn } from '../suite/faults.ts';

faultsOn('7.0');
