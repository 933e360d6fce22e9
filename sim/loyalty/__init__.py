"""What happens to shoppers over weeks: satisfaction, dropping out, word of mouth, points, coupons, push messages."""
