// Owns the three-letter country codes that Autopay's Payment API wants for plates that its Parking API tells with two.
// Must not guess: a country that is not here cannot be claimed.

const pairs =
  'AD AND AL ALB AM ARM AT AUT AZ AZE BA BIH BE BEL BG BGR BY BLR CA CAN CH CHE CY CYP CZ CZE DE DEU DK DNK EE EST ES ESP FI FIN FO FRO FR FRA GB GBR GE GEO GG GGY GI GIB GL GRL GR GRC HR HRV HU HUN IE IRL IL ISR IM IMN IS ISL IT ITA JE JEY KZ KAZ LI LIE LT LTU LU LUX LV LVA MA MAR MC MCO MD MDA ME MNE MK MKD MT MLT MX MEX NL NLD NO NOR PL POL PT PRT RO ROU RS SRB RU RUS SE SWE SI SVN SK SVK SM SMR TN TUN TR TUR UA UKR US USA VA VAT XK XKX'

const codes = new Map(
  [...pairs.matchAll(/([A-Z]{2}) ([A-Z]{3})/g)].map(([, two = '', three = '']): [string, string] => [two, three]),
)

export function alpha3(alpha2: string): string | undefined {
  return codes.get(alpha2.toUpperCase())
}
