import { certificatesOn } from '../suite/certificates.ts';

certificatesOn('7.0');
