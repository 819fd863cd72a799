import { contractsOn } from '../suite/contracts.ts';

contractsOn('7.0');
