import { autoregistrationOn } from '../suite/autoregistration.ts';

autoregistrationOn('6.0');
autoregistrationOn('7.0');
