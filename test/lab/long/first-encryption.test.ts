import { firstEncryptionOn } from '../suite/first-encryption.ts';

firstEncryptionOn('6.0');
firstEncryptionOn('7.0');
