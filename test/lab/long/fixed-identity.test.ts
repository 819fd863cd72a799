import { fixedIdentityOn } from '../suite/fixed-identity.ts';

fixedIdentityOn('6.0');
fixedIdentityOn('7.0');
