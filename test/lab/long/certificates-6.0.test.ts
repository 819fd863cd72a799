import { certificatesOn } from '../suite/certificates.ts';

certificatesOn('6.0');
