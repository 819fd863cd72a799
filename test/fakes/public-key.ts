/**
 * RSA-3072, SubjectPublicKeyInfo, DER, base64: what every fake node answers to `prepare`. Nobody has its private half; a fake node
 * knows the keys of its site by their fingerprints.
 */
export const publicKey =
  'MIIBojANBgkqhkiG9w0BAQEFAAOCAY8AMIIBigKCAYEA3vA/24NcedDODOLRe+ABRgth+MzB4MG0mrCJoCIW7leLIGPWssG4sgQtgkIx34fYI2c8+CUMymqpO2yW2ky1WluQFrFkgCq5SYxoSJ7gj9Fkpa1m25zKXm5msaWwsAP+qIM8zcClrxXvfY2PcGzJwdR+5cFavMFpGYc2c8k0EFYzm1Ewu1L/pUjfDh1lV8F07C0otfUQl5ADNUmollqHPyuIKmqX+370NKNKGjuZHgWi4nnUEJwQCQhmjuZTGyG/cKYrY1DyQT+YghDs4Qxbej6ZJRaVvl7T5y50aW9G0Z+Jyo8wUl65zB+ryzA1LJPYKb3kLIjNCHjMP8tU6+lyhpD1akO5tcefM25KD071dpq5cIEFjK++FCYIYkiFra0uGwkP8quFxago6FGDTBx1U3l0oZ/RZclbfYQvs8CWrmtB25tUMZfw192+zl0FPrZm1KIfDXv3bmuXJSmb9YPtGoKWIitepqg4/zhVbRnaNtbFFgpfydp5PaZpfO7I8cJ/AgMBAAE=';
